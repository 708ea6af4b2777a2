//! Tests of the whole program. They take their captures from `testdata/` or from the builder in `support`.

mod cli;
mod corpus;
mod damage;
mod scenarios;
mod support;
