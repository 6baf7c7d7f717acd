//! Document to Plan: names to ids, placement, domains, cut sets, lint, cost, figures.
