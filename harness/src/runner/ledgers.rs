//! What readers held, kept beside the ledgers: the trial's end, and any replay, compares the two.

use super::Run;
use crate::{
    claim::Claim,
    error::Result,
    journal::ReadBack,
    ledger::{Holdings, Ledger, holdings},
};

impl Run {
    /// Keeps what a reader held, to be judged against the ledger; a store that refuses to be read speaks against the
    /// claim, and one that can't be asked says nothing of it.
    ///
    /// # Errors
    /// When it can't be written down.
    pub fn take_ledger(
        &self,
        claim: Claim,
        reader: &str,
        ledger: &Ledger,
        held: Result<Holdings>,
    ) -> Result<()> {
        let held = match held {
            Ok(held) => held,
            Err(error) => {
                let words = format!("what {reader} holds can't be read: {error}");
                drop(self.against::<()>(claim, Err(error.reworded(words))));
                return Ok(());
            }
        };
        let number = {
            let mut state = self.state();
            state.readings += 1;
            state.readings
        };
        let file = format!("holdings-{number}.jsonl");
        holdings::write(&self.directory().join(&file), &held)?;
        self.log().read_back(ReadBack {
            claim: claim.id.to_owned(),
            reader: reader.to_owned(),
            ledger: ledger.file.clone(),
            lines: ledger.lines,
            holdings: file,
        });
        Ok(())
    }
}
