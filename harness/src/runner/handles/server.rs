//! The server of a pod, to be killed or to stand still.

use external::api::objects;
use k8s_openapi::api::core::v1::Pod as PodObject;

use super::{Pod, Worker};
use crate::{
    error::{Error, Result},
    fault::server::{self, Signalled},
    runner::Run,
};

/// The server of a pod, on its node.
#[derive(Debug, Clone)]
pub struct Server {
    run: Run,
    pod: String,
    node: Worker,
    container: String,
}

impl Pod {
    /// Its server, as it runs now: one that is started again is another.
    ///
    /// # Errors
    /// When it runs on no node of ours, or does not run.
    pub async fn server(&self) -> Result<Server> {
        let (run, name) = (self.run.clone(), self.name.clone());
        let pod = objects::<PodObject>(run.client(), run.namespace()).get(&name).await?;
        let node = run.node(pod.spec.and_then(|spec| spec.node_name).unwrap_or_default().as_str())?;
        let wanted = run.workload().container;
        let containers = pod.status.and_then(|status| status.container_statuses).into_iter().flatten();
        let id = containers.filter(|one| one.name == wanted).find_map(|one| one.container_id);
        let id = id.as_deref().and_then(|id| id.split_once("://")).map(|(_, id)| id.to_owned());
        let container =
            id.ok_or_else(|| Error::environment(format!("pod {name}: its server does not run")))?;
        Ok(Server { run, pod: name, node, container })
    }
}

impl Server {
    /// Kills it, with SIGKILL.
    ///
    /// # Errors
    /// When it does not run any more.
    pub async fn kill(&self) -> Result<Signalled> {
        self.act("kill", "kill -9");
        server::kill(&self.node, &self.container).await
    }

    /// Lets it stand still, with SIGSTOP, until [`Server::resume`].
    ///
    /// # Errors
    /// When it does not run any more.
    pub async fn stop(&self) -> Result<Signalled> {
        self.act("stop", "stop");
        server::stop(&self.node, &self.container).await
    }

    /// Lets it, and whatever else stands still on its node, go on.
    ///
    /// # Errors
    /// The engine's own.
    pub async fn resume(&self) -> Result<()> {
        self.act("resume", "let go on");
        server::resume_all(&self.node).await
    }

    fn act(&self, verb: &str, words: &str) {
        let pod = &self.pod;
        self.run.log().act(verb, format!("pod/{pod}"), format!("{words} the server of {pod}"));
    }
}
