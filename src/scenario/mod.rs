//! Tools for text: spans, quantities, diagnostics, suggestions. They know no section.
