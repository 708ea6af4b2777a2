//! Tests of the whole program. They take their captures from `testdata/` or from the builder in `support`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bpf;
mod calltr;
mod cli;
mod corpus;
mod damage;
mod ladder;
mod live;
mod scenarios;
mod support;
