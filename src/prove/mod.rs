//! The experiment: a program is started, driven, and captured, so that its findings can be confirmed or contradicted.
//!
//! In come a command and what the program says of its entries; out come snapshots with the counts of what ran between
//! them. The program runs in a process group of its own with an inspector on a free port of the loopback interface;
//! whatever happens, nothing of it is left running. Nothing here prints, and no request leaves the machine.

mod body;
mod connection;
mod drive;
mod error;
mod experiment;
mod folder;
mod group;
mod held;
mod listen;
mod options;
mod output;
mod plan;
mod probe;
mod process;
mod refuse;
mod request;
mod routes;
mod run;
mod settle;
mod tls;
mod url;

pub use body::Body;
pub use error::{Cause, ProveError};
pub use experiment::{Driven, Experiment, Interval, Run, Times};
pub use held::PerConnection;
pub use listen::{Protocol, Server};
pub use options::Options;
pub use plan::{LeftOut, Plan, Reason, plan};
pub use process::abandon;
pub use routes::Route;
pub use run::{Watchers, run};
