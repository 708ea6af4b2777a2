# The chores of this project; `just` alone lists them.

_default:
    @just --list --unsorted

# All that has to hold before a change goes in.
ci:
    .ci/run

# Unit, scenario, command-line and damage tests.
test:
    cargo test

# Have tshark judge the captures that the tests are built on.
oracle:
    cargo test --test main -- --ignored

# Rewrite what is generated and committed: manual pages, completions, captures, snapshots of the command line.
generate:
    cargo run --release -- man --out-dir man
    cargo run --release -- completions bash > completions/sipcap.bash
    cargo run --release -- completions fish > completions/sipcap.fish
    cargo run --release -- completions zsh > completions/_sipcap
    UPDATE_CAPTURES=1 SNAPSHOTS=overwrite cargo test --test main

# Measure the hot paths.
bench:
    cargo bench

# Run one fuzz target, or all of them, for so many seconds each: `just fuzz`, `just fuzz 600 head`.
fuzz seconds="60" *targets="capture packet stream hep head text track ipfix":
    fuzz/run {{seconds}} {{targets}}

# Licences, advisories and sources of the dependencies; needs cargo-deny.
deny:
    cargo deny check
