//! Requests: who is told the access token, where a redirect may lead, and what each answer means to somebody.
//!
//! Redirects are followed here, not by the client: the hub says what a file is (its commit, its hash) in the answer that
//! redirects, and the token is for the hub alone.

mod address;

use std::io::Read;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy, Timeout};

use crate::fault::{Fault, Kind, Result, plain};
use crate::settings::Settings;
use crate::watch::Watch;
pub(crate) use address::host_of;
use address::{authority_of, is_loopback, resolved};

const MOST_REDIRECTS: usize = 10;
/// A list of files or a model's description; larger ones are not read.
const LONGEST_TEXT: u64 = 32 << 20;

/// What keeps a request from working now.
pub(crate) enum Trouble {
    /// Worth another try, after so long if the server says it.
    Passing(String, Option<Duration>),
    Final(Fault),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Trouble::Final(fault)
    }
}

/// The hub, as one download sees it.
pub struct Web {
    pub(crate) settings: Settings,
    agent: Agent,
    watch: Watch,
}

/// An answer whose body has not been read.
pub(crate) struct Answer {
    pub status: u16,
    /// Of the last answer.
    pub headers: HeaderMap,
    /// The commit that the hub says a file belongs to, from any answer on the way.
    pub commit: Option<String>,
    pub host: String,
    /// Has that host been told the access token?
    pub knows_token: bool,
    pub body: Body,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Web {
    /// `watch` can interrupt everything that is asked through this.
    pub fn new(settings: Settings, watch: &Watch) -> Self {
        let local = host_of(&settings.endpoint).is_some_and(is_loopback);
        let patience = settings.patience;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("scumble/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_recv_response(Some(patience.silence))
            .timeout_per_read(Some(patience.silence))
            .timeout_per_write(Some(patience.silence))
            .proxy(if local { None } else { Proxy::try_from_env() })
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
            .build();
        let agent = Agent::new_with_config(config);
        watch.holds(&agent);
        Web { settings, agent, watch: watch.clone() }
    }

    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Asks once, through redirects. `url` begins with the endpoint, or belongs to somebody else, who is told no token.
    pub(crate) fn get(&self, url: &str, headers: &[(&str, String)]) -> std::result::Result<Answer, Trouble> {
        let mut url = url.to_owned();
        let mut commit = None;
        for _ in 0..=MOST_REDIRECTS {
            self.watch.check()?;
            let host = host_of(&url).unwrap_or_default().to_owned();
            let mut request = self.agent.get(&url);
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            let token = self.settings.token.as_deref().filter(|_| self.may_know_token(&url));
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let answer: Response<Body> = request.call().map_err(|why| self.trouble(&host, &why))?;
            let (parts, body) = answer.into_parts();
            let read = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
            commit = commit.or_else(|| read("x-repo-commit"));
            let status = parts.status.as_u16();
            let target = read("location").filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308));
            let Some(target) = target else {
                let (headers, knows_token) = (parts.headers, token.is_some());
                return Ok(Answer { status, headers, commit, host, knows_token, body });
            };
            let next = resolved(&url, &target).ok_or_else(|| {
                Fault::new(
                    Kind::Network,
                    format!("{host} redirects to something that is no address; try again later."),
                )
            })?;
            if url.starts_with("https://") && !next.starts_with("https://") {
                return Err(Trouble::Final(Fault::new(
                    Kind::Network,
                    format!(
                        "{host} redirects to an address without encryption ({}); it was not followed.",
                        host_of(&next).unwrap_or_default()
                    ),
                )));
            }
            url = next;
        }
        Err(Trouble::Final(Fault::new(
            Kind::Network,
            format!("{} redirects in circles; try again later.", host_of(&url).unwrap_or_default()),
        )))
    }

    /// Asks for a text, again and again while what keeps it from coming may pass. `of` is the repository.
    pub(crate) fn text(&self, url: &str, of: &str) -> Result<(String, HeaderMap)> {
        self.patiently(|| {
            let answer = self.get(url, &[("accept", "application/json".to_owned())])?;
            if answer.status != 200 {
                return Err(self.refusal(&answer, of, None));
            }
            let mut text = String::new();
            let host = answer.host.clone();
            let read = answer.body.into_reader().take(LONGEST_TEXT).read_to_string(&mut text);
            read.map_err(|why| self.read_trouble(&host, why))?;
            Ok((text, answer.headers))
        })
    }

    /// Runs `ask` until it works or fails for good, with longer and longer pauses.
    pub(crate) fn patiently<T>(&self, mut ask: impl FnMut() -> std::result::Result<T, Trouble>) -> Result<T> {
        let mut tries = 0;
        loop {
            match ask() {
                Ok(done) => return Ok(done),
                Err(Trouble::Final(fault)) => return Err(fault),
                Err(Trouble::Passing(why, wait)) => {
                    tries += 1;
                    self.pause(tries, why, wait)?;
                }
            }
        }
    }

    /// Waits before the next try, or says that there will be none: `tries` in a row have brought nothing.
    pub(crate) fn pause(&self, tries: u32, why: String, wait: Option<Duration>) -> Result<()> {
        // No server is waited for longer.
        const LONGEST: Duration = Duration::from_secs(120);
        self.watch.check()?;
        let patience = self.settings.patience;
        if tries >= patience.tries {
            return Err(Fault::new(
                Kind::Network,
                format!("{why}. Try again later; what has arrived is kept."),
            ));
        }
        let own = patience.pause.saturating_mul(1 << (tries.saturating_sub(1)).min(6));
        let pause = wait.unwrap_or(own).min(LONGEST);
        log::info!("{why}; again in {pause:?}");
        self.watch.update(|progress| progress.note = format!("{why}; trying again."));
        self.watch.sleep(pause);
        self.watch.check()?;
        self.watch.update(|progress| progress.note.clear());
        Ok(())
    }

    /// The token goes to the hub itself, and over an open line only within this machine.
    fn may_know_token(&self, url: &str) -> bool {
        let parts = |text: &str| Some((text.split_once("://")?.0.to_owned(), authority_of(text)?.to_owned()));
        let Some((scheme, authority)) = parts(url) else { return false };
        let hub = parts(&self.settings.endpoint) == Some((scheme.clone(), authority));
        hub && (scheme == "https" || host_of(url).is_some_and(is_loopback))
    }

    /// What an answer means that is not the wanted one, of a file that lies elsewhere than on the hub.
    pub(crate) fn refusal_elsewhere(&self, answer: &Answer, file: &str) -> Trouble {
        let kind = match answer.status {
            401 | 403 | 407 | 451 => Kind::Access,
            404 | 410 => Kind::NotFound,
            _ => Kind::Network,
        };
        passing(answer)
            .unwrap_or_else(|| Trouble::Final(Fault::new(kind, refused(answer, file, "SCUMBLE_WHEELS"))))
    }

    /// What an answer that is not the wanted one means.
    pub(crate) fn refusal(&self, answer: &Answer, of: &str, file: Option<&str>) -> Trouble {
        if let Some(passing) = passing(answer) {
            return passing;
        }
        let page = self.settings.page(of);
        let endpoint = &self.settings.endpoint;
        let code = answer.header("x-error-code").unwrap_or_default();
        let host = &answer.host;
        let (kind, message) = match answer.status {
            // A 403 without that code is a word on the token only from whom it was told; any proxy may say one.
            401 | 403 if code == "GatedRepo" || (answer.status == 403 && answer.knows_token) => (
                Kind::Access,
                match self.settings.token {
                    None => format!(
                        "{of} is given only to those who have agreed to its terms: agree on {page}, make an access \
                         token on {endpoint}/settings/tokens, put it into the variable HF_TOKEN and try again."
                    ),
                    Some(_) => format!(
                        "Your access token does not open {of}: log in on {page}, agree to its terms there (some \
                         owners answer by hand, so it may take a while) and try again."
                    ),
                },
            ),
            401 => (
                Kind::Access,
                match self.settings.token {
                    None => format!(
                        "{host} shows no {of} to the public: the name is wrong, or it is private and wants an access \
                         token in the variable HF_TOKEN; look at {page}."
                    ),
                    Some(_) => format!(
                        "{host} does not accept your access token (HF_TOKEN, or the token file of your login); make a \
                         new one on {endpoint}/settings/tokens."
                    ),
                },
            ),
            403 | 407 => (Kind::Access, refused(answer, file.unwrap_or(of), "HF_ENDPOINT")),
            404 | 410 => (
                Kind::NotFound,
                match file {
                    Some(file) => format!("{of} has no file {file} (any more); look at {page}."),
                    None => format!("There is no {of} on {host}, or not at this revision; look at {page}."),
                },
            ),
            451 => (Kind::Access, format!("{host} may not give out {of} where you are; look at {page}.")),
            status => (
                Kind::Network,
                format!(
                    "{host} answers {status} to the question for {}; look at {page}.",
                    file.unwrap_or(of)
                ),
            ),
        };
        Trouble::Final(Fault::new(kind, message))
    }

    fn trouble(&self, host: &str, why: &ureq::Error) -> Trouble {
        if self.watch.is_cancelled() {
            return Trouble::Final(Fault::cancelled());
        }
        let silence = self.settings.patience.silence.as_secs();
        let passing = match why {
            ureq::Error::HostNotFound => not_found(host),
            // As the standard library tells it, which has no kind for that.
            ureq::Error::Io(why) if why.to_string().contains("failed to lookup address") => not_found(host),
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => format!("{host} does not answer"),
            ureq::Error::Timeout(_) => format!("Nothing has come from {host} for {silence} seconds"),
            ureq::Error::Io(why) if why.kind() == std::io::ErrorKind::ConnectionRefused => {
                format!("{host} takes no connections")
            }
            ureq::Error::Io(why) if !is_tls(why) => {
                format!("The connection to {host} was cut ({})", plain(why))
            }
            ureq::Error::ConnectionFailed | ureq::Error::BodyStalled | ureq::Error::ConnectProxyFailed(_) => {
                format!("The connection to {host} was cut")
            }
            ureq::Error::Protocol(_) => format!("{host} answers in no language that is understood"),
            other => {
                return Trouble::Final(Fault::new(
                    Kind::Network,
                    format!(
                        "No safe connection to {host} can be made ({}); look at this computer's clock, and whether a \
                         proxy stands between.",
                        other.to_string().trim_end_matches('.')
                    ),
                ));
            }
        };
        Trouble::Passing(passing, None)
    }

    /// A body that ends too early or not at all.
    pub(crate) fn read_trouble(&self, host: &str, why: std::io::Error) -> Trouble {
        self.trouble(host, &ureq::Error::from(why))
    }
}

/// By whom nobody knows; `variable` says where the host is that was asked first.
fn refused(answer: &Answer, what: &str, variable: &str) -> String {
    format!(
        "{} refuses {what} ({}); look whether a proxy or a firewall stands between, or {variable} is wrong, and try again.",
        answer.host, answer.status
    )
}

/// Whether an answer is of a trouble that passes.
fn passing(answer: &Answer) -> Option<Trouble> {
    let host = &answer.host;
    let why = match answer.status {
        429 => format!("{host} has been asked too often (429)"),
        status @ (408 | 425 | 500..=599) => format!("{host} has trouble of its own ({status})"),
        _ => return None,
    };
    let wait = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
    Some(Trouble::Passing(why, wait.map(Duration::from_secs)))
}

fn not_found(host: &str) -> String {
    format!("{host} is not found; look whether this computer is online")
}

fn is_tls(why: &std::io::Error) -> bool {
    why.kind() == std::io::ErrorKind::InvalidData && why.get_ref().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_for_the_hub_alone() {
        let web = |endpoint: &str| {
            let get = |name: &str| match name {
                "HF_ENDPOINT" => Some(endpoint.into()),
                "HF_TOKEN" => Some("hf_secret".into()),
                _ => None,
            };
            Web::new(Settings::from_variables(&get).unwrap(), &Watch::new())
        };
        let hub = web("https://hub.example");
        assert!(hub.may_know_token("https://hub.example/a/b"));
        for other in [
            "https://cdn.hub.example/a",
            "https://hub.example:444/a",
            "http://hub.example/a",
            "https://hub.example@evil.example/a",
            "https://hub.example.evil.example/a",
            "nonsense",
        ] {
            assert!(!hub.may_know_token(other), "{other}");
        }
        assert!(!web("http://mirror.lan").may_know_token("http://mirror.lan/a"), "not over an open line");
        assert!(web("http://127.0.0.1:80").may_know_token("http://127.0.0.1:80/a"));
    }
}
