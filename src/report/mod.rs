//! Rows and how they are written.
//!
//! What a row means is said once, in `rows`; a format knows how to write any of them.

mod binding;
mod binding_list;
mod call;
mod call_json;
mod call_list;
mod call_note;
mod clocks;
mod columns;
mod csv;
mod delays;
mod encode;
mod event;
mod event_text;
mod fields;
mod file;
mod full;
mod info;
mod json;
mod leg_list;
mod list;
mod logs;
mod message;
mod parsed;
mod party;
mod plot;
mod quality;
mod query;
mod sorted;
mod statistics;
mod table;

use self::sorted::SortedRows;
pub use self::{
    binding::{BindingRow, EndRow, PlaceRow},
    call::{BranchRow, CallDurations, CallRow, CallTimes},
    clocks::clock_sentences,
    columns::{Column, Columns, ListStyle},
    csv::CsvRows,
    event::{EventRow, RateRow},
    event_text::EventText,
    file::{FileCall, FileRow},
    full::MessageText,
    info::{Info, Overview},
    json::JsonRows,
    leg_list::LegList,
    list::{List, ListFormat, ListPart, ListRow},
    logs::{LogRows, LogsOf},
    message::{MessageRow, SightingRow},
    parsed::{DiagnosisRow, HeaderRow, ParsedRow},
    party::{CountersRow, PartyRow, SidesRow},
    plot::{Chart, PlotError, plot},
    quality::{Quality, quality},
    statistics::{
        Baseline, CaptureQuality, CheckResult, Checks, METRIC_COLUMNS, Merge, NamedValues,
        PartOrigin, PartWriter, StatisticsPart, StatisticsReport, StatisticsRow, StatisticsText,
        Verdict, github_annotation, write_junit, write_statistics_csv, write_statistics_document,
        write_statistics_lines, write_statistics_markdown, write_statistics_prometheus,
        write_statistics_text,
    },
    table::MessageTable,
};
