//! Timed automata, facts, guards, crews and causes. They run without any request.
