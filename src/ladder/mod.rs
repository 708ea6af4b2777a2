//! Ladders: the messages of a call as arrows between those who sent and received them.
//!
//! [`Ladder::new`] makes the model of messages; everything in it is text that can do no harm to a terminal or a reader.
//! What is drawn of it, in which order, are its [`Row`]s. Renderers take model and rows and know nothing of SIP;
//! what they have to escape is their own syntax.

mod anonymize;
mod arrows;
mod bars;
mod diagram;
mod html;
mod labels;
mod lanes;
mod layout;
mod mermaid;
mod model;
mod names;
mod notes;
mod phases;
mod plantuml;
mod reports;
mod rows;
mod scene;
#[cfg(test)]
mod script;
mod sdp;
mod show;
mod svg;
mod text;
mod width;

pub use self::{
    anonymize::Anonymizer,
    html::{IndexEntry, write_html, write_index},
    labels::TimeColumn,
    layout::{PictureOptions, pictures},
    mermaid::write_mermaid,
    model::{
        Arrow, Fact, Kind, Ladder, LadderOptions, Lane, MediaBar, Note, Phase, Retransmission,
        Tone, Verdict, put_in_order,
    },
    names::{InvalidAlias, NameBook},
    plantuml::write_plantuml,
    reports::Report,
    rows::{Row, RowOptions, rows},
    scene::Scene,
    svg::{Theme, svg},
    text::{TextStyle, write_text},
};
