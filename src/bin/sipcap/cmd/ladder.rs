//! `sipcap ladder`: a call as arrows between those who take part.

use crate::{
    exit::Outcome,
    ladder::{Drawing, Job, LadderArgs, Target, anonymize},
    track::end,
    ui::Ui,
};

pub(crate) fn run(args: &LadderArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    // What has to be right before anything is read.
    let mut names = args.content.name_book()?;
    let source = args.input.twice()?;
    let target = Target::open(args, &source, ui)?;
    let key = args.content.key(args.output.force, &source)?;

    // Which calls.
    let job = Job { args, source, ui };
    let wanted = match job.wanted()? {
        Ok(wanted) => wanted,
        Err(outcome) => return Ok(outcome),
    };

    // Their messages and media.
    let (mut collector, run) = job.collect(wanted)?;
    if collector.is_empty() || run.summary.interrupted {
        return job.nothing(&run);
    }
    let mut ladders = collector.take();

    // Their ladders.
    for (ip, host) in run.summary.inputs.iter().flat_map(|input| &input.names) {
        names.add_host(*ip, host);
    }
    let mut drawing = Drawing::new(args, names, &target, ui);
    drawing.ladder.end = end(&run.summary);
    drawing.gaps = collector.gaps;
    if args.content.anonymize {
        anonymize(&mut ladders, &mut drawing, key)?;
    }
    target.write(&ladders, &drawing, args, ui)?;
    Ok(run.outcome(true))
}
