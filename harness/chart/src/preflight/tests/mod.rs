//! Each check is seen to fire on what it is for, and to be silent on an upgrade that changes nothing of it.

mod beside;
mod distributions;
mod each;
mod folders;
mod guards;
mod kinds;
mod named;
mod others;
mod pictures;
mod placement;
mod templates;

use pictures::{OLD, found, only, picture, pictured, replaced};

use serde_json::{Value, json};

use super::*;
use crate::{Rendered, Severity, Way};
