//! Rows of `sipcap messages --format csv`, read and compared.

use std::net::{IpAddr, SocketAddr};

use super::{matrix::Row, program::Run, scenario::Expect};

/// The columns of the contract, which come first and in this order.
const COLUMNS: [&str; 13] = [
    "input",
    "frame",
    "ts",
    "src",
    "src_port",
    "dst",
    "dst_port",
    "transport",
    "method",
    "status",
    "cseq",
    "cseq_method",
    "call_id",
];

/// Returns the rows of a run that has to have been a success.
pub(crate) fn read(run: &Run) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(run.stdout.as_slice());
    let header = reader.byte_headers().map_err(|e| e.to_string())?;
    if !header
        .iter()
        .take(13)
        .eq(COLUMNS.iter().map(|c| c.as_bytes()))
    {
        return Err(format!("other columns: {header:?}, {run}"));
    }
    reader
        .byte_records()
        .map(|record| row(&record.map_err(|e| e.to_string())?))
        .collect()
}

fn row(record: &csv::ByteRecord) -> Result<Row, String> {
    let cell = |at: usize| String::from_utf8_lossy(&record[at]).into_owned();
    let endpoint = |at: usize| -> Result<SocketAddr, String> {
        let error = |e: &dyn std::fmt::Display| format!("{record:?}: {e}");
        let ip: IpAddr = cell(at).parse().map_err(|e| error(&e))?;
        let port: u16 = cell(at + 1).parse().map_err(|e| error(&e))?;
        Ok(SocketAddr::new(ip, port))
    };
    let ts: jiff::Timestamp = cell(2).parse().map_err(|e| format!("{record:?}: {e}"))?;
    Ok(Row {
        frame: cell(1).parse().map_err(|e| format!("{record:?}: {e}"))?,
        ts_ns: i64::try_from(ts.as_nanosecond()).map_err(|e| e.to_string())?,
        src: endpoint(3)?,
        dst: endpoint(5)?,
        transport: cell(7),
        message: Expect {
            method: cell(8),
            status: cell(9),
            cseq: cell(10),
            cseq_method: cell(11),
            call_id: cell(12),
        },
    })
}

/// Returns the first difference between what was found and what had to be found, or nothing.
pub(crate) fn difference(found: &[Row], expected: &[Row]) -> Option<String> {
    let at = (0..found.len().max(expected.len())).find(|&at| found.get(at) != expected.get(at))?;
    Some(format!(
        "{} rows instead of {}; row {at}:\n  expected {:?}\n  found    {:?}",
        found.len(),
        expected.len(),
        expected.get(at),
        found.get(at)
    ))
}
