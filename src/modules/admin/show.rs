//! The `get` command: the answer's lines.

use std::fmt::Write;

use super::query::{Parameters, Query};
use super::tree::Node;

/// Containers inside each other that `r` goes down; the tree has some eight, but objects may point back.
const MAX_DEPTH: usize = 12;

/// Longest answer, in bytes, after which recursion goes no further.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// Shows what a query's path leads to; `None` when that is nothing.
pub fn show(root: &Node, query: &Query) -> Option<String> {
    let mut out = Lines { parameters: query.parameters, filters: &query.filters, text: String::new() };
    let found = out.walk(root, &mut vec!["admin".to_owned()], query.path.get(1..).unwrap_or_default());
    found.then_some(out.text)
}

struct Lines<'a> {
    parameters: Parameters,
    filters: &'a [String],
    text: String,
}

impl Lines<'_> {
    /// Follows the rest of a path from `node`, whose own path is `path`; whether it led anywhere.
    fn walk(&mut self, node: &Node, path: &mut Vec<String>, rest: &[String]) -> bool {
        let Some((first, after)) = rest.split_first() else { return self.end(node, path) };
        if first == "*" && after.is_empty() {
            return self.all(node, path);
        }
        let children = match first.as_str() {
            "*" => node.children(),
            name => node.child(name).map(|child| (name.to_owned(), child)).into_iter().collect(),
        };
        let mut found = false;
        for (name, child) in children {
            path.push(name);
            found |= self.walk(&child, path, after);
            path.pop();
        }
        found
    }

    /// The path ends at `node`.
    fn end(&mut self, node: &Node, path: &mut [String]) -> bool {
        if self.parameters.recurse && node.is_container() {
            self.container(node, path, 0);
            return true;
        }
        let Some((name, parent)) = path.split_last() else { return false };
        if !self.parameters.recurse {
            self.begin(parent);
        }
        self.line(node, parent, name);
        true
    }

    /// The path ends with `*` below `node`.
    fn all(&mut self, node: &Node, path: &mut [String]) -> bool {
        if !node.is_container() {
            let Some((name, parent)) = path.split_last() else { return false };
            self.line(node, parent, name);
            return true;
        }
        let empty_list = path.last().is_some_and(|name| name == "qtssSvrConnectedUsers") && node.children().is_empty();
        if !empty_list {
            self.container(node, path, 0);
        }
        !empty_list
    }

    /// A container and, if asked for, those in it.
    fn container(&mut self, node: &Node, path: &[String], depth: usize) {
        let children = node.children();
        self.begin(path);
        if self.filters.is_empty() {
            for (name, child) in &children {
                self.line(child, path, name);
            }
        }
        for filter in self.filters {
            if let Some((name, child)) = children.iter().find(|(name, _)| name == filter) {
                self.line(child, path, name);
            }
        }
        if !self.parameters.recurse || depth >= MAX_DEPTH || self.text.len() > MAX_ANSWER {
            return;
        }
        for (name, child) in children.into_iter().filter(|(_, child)| child.is_container()) {
            let path: Vec<_> = path.iter().cloned().chain([name]).collect();
            self.container(&child, &path, depth + 1);
        }
    }

    fn begin(&mut self, path: &[String]) {
        let inner: String = path.iter().map(|part| format!("{part}/")).collect();
        let _ = writeln!(self.text, "Container=\"/{inner}\""); // a string takes everything
    }

    fn line(&mut self, node: &Node, parent: &[String], name: &str) {
        if self.parameters.verbose {
            parent.iter().for_each(|part| self.text.extend([part, "/"]));
        }
        self.text.push_str(name);
        match node {
            Node::Value { .. } => self.text.extend(["=", &node.shown()]),
            _ => self.text.push('/'),
        }
        let facts = node.facts();
        let access = self.parameters.access.then(|| format!("a={}", facts.letters(node.is_listed())));
        let types = self.parameters.types.then(|| format!("t={}", facts.data_type.name()));
        let facts: Vec<_> = access.into_iter().chain(types).collect();
        if !facts.is_empty() {
            self.text.extend([";", &facts.join(",")]);
        }
        self.text.push('\n');
    }
}
