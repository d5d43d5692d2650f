//! Waits as expectations over the journal. The only room where time may pass.
//!
//! # Patterns
//! Each was found as a flake, or as a race that waited to be one.
//!
//! - **A time that is over proves nothing.** A wait in vain speaks against a promise only if everything was recorded
//!   ([`Recorder::barrier`]), the controllers have looked since ([`Witness::synced`]), it is still not so, and no cause outside is
//!   found ([`Witness::outside`]). Everything else is not judged, and says why.
//! - **Looked at is not healed.** What comes about when a controller is made to look, and not before, it would have left undone for
//!   hours. Halfway through a wait it is seen whether it is awake, by a set that nobody waits for; where it was, nothing refused it
//!   anything, and nothing changed until its look was asked for, it is late no longer but has forgotten ([`overlooked`]).
//! - **Seen is not acted.** `observedGeneration` says that the controller has read the spec; a sync writes its status after its
//!   acts. What must not happen is proved by another look at a changed spec, whose generation is awaited, and a barrier after it
//!   ([`Waiter::hold`]).
//! - **The answer from before.** "Ready equals replicas" is true of the state before a change, too. An act on a set returns when the
//!   journal shows its generation ([`expectations::set_generation`]), and a pod that comes back is another UID
//!   ([`expectations::pod_returns`]).
//! - **The status from before.** A controller that was about to write the status of a set that is gone writes it to the set that was
//!   made again under its name, and there it stays until the next one ([`counters_add_up`]).
//! - **Hold, don't race.** A pod is kept from being Ready by a readiness gate, from being gone by a finalizer, from stopping by the
//!   sentinel. A sabotage is done at a step, before the step does anything, never beside it.
//! - **PVCs that are about to go.** A PVC of a pod that was scaled away is deleted some time after the pod. A set that is scaled up
//!   before that gets a pod whose PVC vanishes under it, and nothing makes its controller look again
//!   ([`expectations::volume_claims_settled`]).
//! - **Taken is not in force.** The API server learns of a policy or a quota by a watch, a moment after it was taken: one more
//!   request may slip through. It is asked by dry runs until it refuses ([`NamedSet::until_undeletable`]).
//! - **Ready is not routed.** A node's proxy and the DNS learn of a pod later than the API does. Names and connections are asked
//!   until they are right, within a stated time that is measured ([`until_asked`]).
//! - **Not asked is not refused.** Under load a kubelet's first probe, or the garbage collector, comes later than a window is long.
//!   A window begins when whoever could end it has been seen at work: the probe failed ([`expectations::readiness_fails`]), the
//!   collector took the owners away ([`expectations::pod_owned`]).
//! - **Events queue up.** A controller's events share one limit with its work, 20 calls a second: one set that is refused again and
//!   again keeps the events of all others back for half a minute. Our own clusters allow more (`cluster/kind.rs`); what is judged
//!   by events waits for them anywhere.
//! - **A watch may end without an end.** A list checks one that is silent for five seconds; before a verdict, and at the end,
//!   the recording goes on until the watch has told what a list shows. A gap that a list closes without a difference is bridged;
//!   any other keeps every law that reads the kind from judging.
//! - **Never is better than late.** An expectation that can't be met any more says so at once: a set that is gone, a controller that is
//!   done with other pods, a container that crashes, an image that can't be had.
//! - **Absent is not there.** What keeps a pod from coming (a volume that is slow to be mounted, a quota) explains what is missing, never
//!   another pod that is there and should not be ([`Obstacle::only_keeps_away`]).
//! - **Pods belong to others, too.** A descheduler, an autoscaler or the scheduler takes pods away that nobody promised to leave alone:
//!   an eviction since a wait began that was not ours leaves it unjudged ([`eviction`]). One of ours excuses nothing, and no more does
//!   a pod that is deleted without any.
//! - **A silence at the end hides no answer.** Who said no to the end of a wait, and then nothing for a moment, is asked once more
//!   ([`until_asked`]).
//! - **Kinds are told apart.** A set's status may be heard a second or more before the pod that it counts, and a pod before its
//!   PVCs. What looks impossible must do so for three seconds before it is called so ([`Waiter::until`]), and what is noted
//!   for later is awaited first ([`expectations::pods_have_volume_claims`]).
//! - **A wait ends before its scenario.** Ten seconds before the scenario's time is over, so that it can say what it waited for
//!   ([`Waiter::at_most`]).
//! - **A status is told late.** A kubelet under load writes a pod's Ready a second or more after it came to be. How long something was
//!   so is reckoned from the kubelet's own time ([`Pod::ready_since`]), not from when we heard of it.
//! - **Asked once.** A client that tries again after a refusal asks twice: what is to be refused, or kills who is asked, goes through
//!   a client that does not.
//! - **Written by others, too.** Kubernetes' controllers write to what we change, a node's taints for one. The version that was read goes
//!   with the change, and who comes late reads again ([`taint`]): a cluster that was not mended fails the next scenario, not its own.
//! - **A reason goes another way than its fact.** A container runtime hears of a kill for want of memory by an event of its own; where
//!   that comes after the container's end, the reason is `Error` and not `OOMKilled`. The exit code is the kernel's.
//! - **One clock.** When a container was told to stop it alone knows, and when it had ended its kubelet: both by their node's clock. Our
//!   own times are never compared with theirs ([`Ending`]).
//! - **The stimulus first.** A DNS that errs and one that was never told look alike: what it is to say must stand in the endpoints
//!   before it is asked ([`expectations::endpoints_ready`]).
//! - **The API's seconds are cut off.** A condition's time may look a second older than it is: limits of time leave room for it.
//!
//! [`Obstacle::only_keeps_away`]: crate::law::Obstacle::only_keeps_away
//! [`eviction`]: crate::law::eviction
//! [`overlooked`]: crate::law::overlooked
//! [`counters_add_up`]: crate::law::status::counters_add_up
//! [`taint`]: crate::fault::node::taint
//! [`Recorder::barrier`]: crate::journal::Recorder::barrier
//! [`NamedSet::until_undeletable`]: crate::runner::NamedSet::until_undeletable
//! [`Pod::ready_since`]: crate::journal::fact::Pod::ready_since
//! [`Ending`]: crate::runner::Ending

pub mod asking;
pub mod expectation;
pub mod expectations;
pub mod patience;
pub mod steady;
mod strain;
pub mod waiter;
pub mod witness;

pub use asking::{until_answered, until_asked, until_asked_every};
pub use expectation::{Expectation, Progress};
pub use external::wait::pause;
pub use patience::Patience;
pub use steady::until_steady;
pub use waiter::{Waiter, until_seen};
pub use witness::Witness;
