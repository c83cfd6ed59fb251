//! SDP files with relay attributes, the oldest way to say what is relayed (`relay_sdp`).
//!
//! `a=x-qt-relay-addr IN OUT … TTL` names the address that packets come to, those they go to, and how many hops they
//! make; each `a=x-qt-relay-port IN OUT …` a port that packets come to and the port of each address they go to. Port lines
//! come in pairs, RTP and RTCP; only those of even ports matter.

use super::config::{Host, MAX_PORTS, Ports, UdpDestination, UdpSource};

/// Most addresses that packets go to.
const MAX_ADDRESSES: usize = 64;

/// Source and destinations; `None` where the lines are missing or make no sense.
pub fn parse(text: &str) -> Option<(UdpSource, Vec<UdpDestination>)> {
    let lines = |name: &'static str| text.lines().filter_map(move |line| words_after(line, name));
    let address = lines("a=x-qt-relay-addr").next()?;
    let (at, rest) = address.split_first()?;
    let (ttl, out) = rest.split_last()?;
    let ttl = ttl.parse().ok()?;
    if out.is_empty() || out.len() > MAX_ADDRESSES || lines("a=x-qt-relay-port").count() % 2 != 0 {
        return None;
    }
    let mut sources = Vec::new();
    let mut targets: Vec<Vec<u16>> = vec![Vec::new(); out.len()];
    for words in lines("a=x-qt-relay-port").take(2 * MAX_PORTS) {
        let numbers = words.iter().map(|word| word.parse::<u16>().ok()).collect::<Option<Vec<_>>>()?;
        let (from, to) = numbers.split_first()?;
        if from % 2 != 0 {
            continue;
        }
        sources.push(*from);
        for (index, ports) in targets.iter_mut().enumerate() {
            ports.push(*to.get(index)?);
        }
    }
    if sources.is_empty() {
        return None;
    }
    let at = Some(Host::parse(at)).filter(|host| !matches!(host, Host::Address(a) if a.is_unspecified()));
    let to = |(host, ports): (&&str, Vec<u16>)| UdpDestination {
        host: Host::parse(host),
        ports: Ports::List(ports),
        local: None,
        ttl,
    };
    Some((UdpSource { at, from: None, ports: sources, ttl }, out.iter().zip(targets).map(to).collect()))
}

fn words_after<'a>(line: &'a str, name: &str) -> Option<Vec<&'a str>> {
    let head = line.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name))?;
    let rest = line.get(head.len()..)?;
    // after the name comes a colon, a blank, or both
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    Some(rest.split_ascii_whitespace().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_even_ports_are_taken() {
        let text = "v=0\r\na=x-qt-relay-addr:224.1.2.3 10.0.0.1 10.0.0.2 15\r\na=x-qt-relay-port:5000 6000 7000\r\n\
                    a=x-qt-relay-port:5001 6001 7001\r\na=x-qt-relay-port 5002 6002 7002\r\na=X-QT-RELAY-PORT:5003 6003 7003\r\n";
        let (source, to) = parse(text).unwrap();
        assert_eq!((source.ports.as_slice(), source.ttl), (&[5000, 5002][..], 15));
        assert_eq!(source.at, Some(Host::parse("224.1.2.3")));
        let ports: Vec<_> = to.iter().map(|to| (to.host.to_string(), to.ports.clone())).collect();
        let expected = [("10.0.0.1", vec![6000, 6002]), ("10.0.0.2", vec![7000, 7002])];
        assert_eq!(ports, expected.map(|(host, list)| (host.to_owned(), Ports::List(list))));
    }

    #[test]
    fn half_a_description_is_none() {
        assert!(parse("v=0\r\nm=audio 0 RTP/AVP 0\r\n").is_none());
        assert!(parse("a=x-qt-relay-addr 0.0.0.0 10.0.0.1 15\r\n").is_none());
        assert!(parse("a=x-qt-relay-addr 0.0.0.0 10.0.0.1 15\r\na=x-qt-relay-port 5000 6000\r\n").is_none());
        assert!(parse("a=x-qt-relay-addr 0.0.0.0 15\r\na=x-qt-relay-port 1 2\r\na=x-qt-relay-port 3 4\r\n").is_none());
        let missing = "a=x-qt-relay-addr 0 a b 15\r\na=x-qt-relay-port 5000 6000\r\na=x-qt-relay-port 5001 6001\r\n";
        assert!(parse(missing).is_none());
        assert!(parse("a=x-qt-relay-addr\r\na=x-qt-relay-port 99999\r\n").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(a=x-qt-relay-(addr|port)[ :][0-9. a-z]{0,20}\n|.{0,20}\n){0,8}") {
            let _ = parse(&text);
        }
    }
}
