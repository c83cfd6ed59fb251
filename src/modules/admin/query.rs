//! A request of the administration protocol: the path into the tree, and what is to be done there.

use crate::modules::http::percent_decoded;

/// What all requests' paths begin with.
const PREFIX: &str = "/modules/";

/// Name of the tree's root.
const ROOT: &str = "admin";

/// Names in filters that are looked at; DSS 6.0.3 crashed beyond eleven.
const MAX_FILTERS: usize = 100;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Show.
    Get,
    /// Replace a value.
    Set,
    /// Append a value, or make a preference.
    Add,
    /// Remove a value, a preference, or a client session.
    Del,
}

impl Command {
    fn from_name(name: &str) -> Option<Self> {
        let named = |command: &Self| command.name().eq_ignore_ascii_case(name);
        [Self::Get, Self::Set, Self::Add, Self::Del].into_iter().find(named)
    }

    /// As error reasons spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Set => "SET",
            Self::Add => "ADD",
            Self::Del => "DEL",
        }
    }
}

/// The query's command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A known one; without a query it is `get`.
    Known(Command),
    /// One that nobody knows.
    Unknown,
    /// There is a query, but no command in it.
    Missing,
}

/// The letters of `parameters=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters {
    /// `r`: down the tree.
    pub recurse: bool,
    /// `v`: whole paths, and the URL behind the error.
    pub verbose: bool,
    /// `a`: access letters.
    pub access: bool,
    /// `t`: types.
    pub types: bool,
    /// `d`: the reason behind the error.
    pub debug: bool,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The path as it was sent, without the query.
    pub url: String,
    /// The path below `/modules/`; `*` stands for every child.
    pub path: Vec<String>,
    /// What to do.
    pub asked: Asked,
    /// How to show it.
    pub parameters: Parameters,
    /// The value to set or add.
    pub value: Option<String>,
    /// The type that value is to have.
    pub type_name: Option<String>,
    /// The name of what is added.
    pub name: Option<String>,
    /// Names of what is shown, in this order; empty for everything.
    pub filters: Vec<String>,
}

impl Query {
    /// Reads a request's target. `None` when it is not for the administration protocol.
    pub fn parse(target: &str) -> Option<Self> {
        let (url, query) = match target.split_once('?') {
            Some((url, query)) => (url, Some(query)),
            None => (target, None),
        };
        let decoded = percent_decoded(url);
        let below = decoded.strip_prefix(PREFIX)?;
        let path: Vec<_> = below.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        if path.first().is_none_or(|first| first != ROOT) || !below.starts_with(ROOT) {
            return None;
        }
        let mut parsed = Self {
            url: url.to_owned(),
            path,
            asked: Asked::Known(Command::Get),
            parameters: Parameters::default(),
            value: None,
            type_name: None,
            name: None,
            filters: Vec::new(),
        };
        if let Some(query) = query {
            parsed.read_options(query);
        }
        Some(parsed)
    }

    /// The options, separated by `+`. What is encoded is decoded afterwards, so that a value may have a `+` in it (`%2B`).
    fn read_options(&mut self, query: &str) {
        self.asked = Asked::Missing;
        let parts = split_outside_quotes(query);
        for (name, value) in parts.iter().filter_map(|part| part.split_once('=')) {
            let value = unquoted(&percent_decoded(value)).to_owned();
            match name.to_ascii_lowercase().as_str() {
                "command" => self.asked = Command::from_name(&value).map_or(Asked::Unknown, Asked::Known),
                "parameters" => self.read_parameters(&value),
                "value" => self.value = Some(value),
                "type" => self.type_name = Some(value),
                "name" => self.name = Some(value),
                name if is_filter(name) && self.filters.len() < MAX_FILTERS => self.filters.push(value),
                _ => {}
            }
        }
    }

    fn read_parameters(&mut self, letters: &str) {
        for letter in letters.chars() {
            match letter {
                'r' => self.parameters.recurse = true,
                'v' => self.parameters.verbose = true,
                'a' => self.parameters.access = true,
                't' => self.parameters.types = true,
                'd' => self.parameters.debug = true,
                _ => {}
            }
        }
    }

    /// Whether any part of the path stands for every child.
    pub fn iterates(&self) -> bool {
        self.path.iter().any(|part| part == "*")
    }
}

fn is_filter(name: &str) -> bool {
    name.strip_prefix("filter").is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Splits at `+`, except between double quotes.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut inside = false;
    let separates = |sign: char| {
        inside ^= sign == '"';
        sign == '+' && !inside
    };
    text.split(separates).collect()
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(target: &str) -> Query {
        Query::parse(target).unwrap_or_else(|| panic!("{target} is not for us"))
    }

    #[test]
    fn paths_end_with_or_without_a_slash_and_may_be_encoded() {
        assert_eq!(query("/modules/admin").path, ["admin"]);
        assert_eq!(query("/modules/admin/server/").path, ["admin", "server"]);
        assert_eq!(query("/modules/admin%2Fserver/%2A").path, ["admin", "server", "*"]);
        for other in ["/modules/adminx", "/modules/", "/modules//admin", "/Modules/admin", "/x/modules/admin", "*"] {
            assert_eq!(Query::parse(other), None, "{other}");
        }
    }

    #[test]
    fn options_are_known_in_any_case_and_values_may_be_quoted() {
        let query =
            query("/modules/admin/server/a?COMMAND=Set+Value=\"a+b\"+type=UInt32+name=n+odd=1+parameters=rvatdcfpi");
        assert_eq!(query.asked, Asked::Known(Command::Set));
        assert_eq!(query.value.as_deref(), Some("a+b"));
        assert_eq!((query.type_name.as_deref(), query.name.as_deref()), (Some("UInt32"), Some("n")));
        let all = Parameters { recurse: true, verbose: true, access: true, types: true, debug: true };
        assert_eq!(query.parameters, all);
    }

    #[test]
    fn a_query_needs_a_command_that_is_known() {
        assert_eq!(query("/modules/admin?").asked, Asked::Missing);
        assert_eq!(query("/modules/admin?parameters=a").asked, Asked::Missing);
        assert_eq!(query("/modules/admin?command=frobnicate").asked, Asked::Unknown);
        assert_eq!(query("/modules/admin").asked, Asked::Known(Command::Get));
    }

    #[test]
    fn any_number_of_filters_is_fine() {
        let many: String = (0..500).map(|n| format!("+filter{n}=x{n}")).collect();
        let filters = query(&format!("/modules/admin/*?command=get{many}")).filters;
        assert_eq!((filters.len(), filters[1].as_str()), (MAX_FILTERS, "x1"));
    }

    proptest::proptest! {
        #[test]
        fn any_target_is_read_without_panic(target in "/modules/admin[?+=\"%a-f0-9/*]{0,60}") {
            Query::parse(&target);
        }
    }
}
