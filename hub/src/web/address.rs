//! Addresses: whose they are, and where a redirect leads.

use ureq::http::Uri;

/// `host:port` of an address, without what stands before an @.
pub(super) fn authority_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(authority.rsplit('@').next().unwrap_or(authority)).filter(|authority| !authority.is_empty())
}

pub(crate) fn host_of(url: &str) -> Option<&str> {
    let authority = authority_of(url)?;
    if let Some(end) = authority.starts_with('[').then(|| authority.find(']')).flatten() {
        return authority.get(..=end);
    }
    Some(authority.split(':').next().unwrap_or(authority))
}

pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Where `target` leads, seen from `url` (RFC 3986, section 5.2; dots in its path are the server's to resolve).
pub(super) fn resolved(url: &str, target: &str) -> Option<String> {
    let (scheme, _) = url.split_once("://")?;
    let root = format!("{scheme}://{}", authority_of(url)?);
    let path = url.split(['?', '#']).next()?;
    // A scheme stands first; behind that an address in a path or query is only text.
    let has_scheme = target.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':'));
    let text = if has_scheme {
        target.to_owned()
    } else if let Some(rest) = target.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if target.starts_with('/') {
        format!("{root}{target}")
    } else if target.starts_with('?') {
        format!("{path}{target}")
    } else {
        let folder = path.rfind('/').filter(|at| *at > root.len()).map_or(root.as_str(), |at| &path[..at]);
        format!("{folder}/{target}")
    };
    let uri: Uri = text.parse().ok()?;
    let known =
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
    known.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_where_they_say() {
        let from = "https://hub.example:8443/a/b/c.onnx?x=1";
        for (target, leads) in [
            ("https://cdn.example/d?sig=/", "https://cdn.example/d?sig=/"),
            ("//cdn.example/d", "https://cdn.example/d"),
            ("/d", "https://hub.example:8443/d"),
            ("d", "https://hub.example:8443/a/b/d"),
            ("?y=2", "https://hub.example:8443/a/b/c.onnx?y=2"),
        ] {
            assert_eq!(resolved(from, target).as_deref(), Some(leads), "{target}");
        }
        for wrong in ["file:///etc/passwd", "https:///x", "ftp://x/y", "https://a b/", "data:text", "ftp:x"] {
            assert_eq!(resolved(from, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_that_a_redirect_only_mentions_is_not_where_it_leads() {
        let from = "https://hub.example/a/b?x=https://other.example/";
        for (target, root) in [
            ("/get?to=https://cdn.example/x", "https://hub.example"),
            ("/https://cdn.example/x", "https://hub.example"),
            ("get?to=https://cdn.example/x", "https://hub.example/a/"),
            ("get#https://cdn.example/x", "https://hub.example/a/"),
            ("?to=https://cdn.example/x", "https://hub.example/a/b"),
            ("//cdn.example/get?to=https://other.example/x", "https:"),
        ] {
            assert_eq!(resolved(from, target), Some(format!("{root}{target}")), "{target}");
        }
    }

    #[test]
    fn hosts_are_told_without_their_ports() {
        assert_eq!(host_of("http://[::1]:80/a"), Some("[::1]"));
        assert!(is_loopback("[::1]") && is_loopback("localhost") && !is_loopback("127.evil.example"));
    }
}
