//! What the code says with which a process ended.

/// The usual meaning of a code, where it has one.
pub(super) fn meaning(code: i32) -> Option<&'static str> {
    let meaning = match code {
        126 => "its command was found and may not be executed",
        127 => "its command, or one that its script calls, was not found",
        132 => "SIGILL: its program uses instructions that the node's processor does not have",
        134 => "SIGABRT: it gave up itself",
        135 => "SIGBUS: memory that was promised to it is not there, as huge pages or /dev/shm",
        137 => "SIGKILL: killed from outside, often for memory of one of its processes",
        139 => "SIGSEGV: its program is broken, or does not fit the image or the processor",
        143 => "SIGTERM: it was told to stop",
        _ => return None,
    };
    Some(meaning)
}
