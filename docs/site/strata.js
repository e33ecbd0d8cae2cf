/* SPDX-License-Identifier: MIT */
/*
 * strata.js - what the theme leaves out for readers without a mouse: names,
 * and a place in the order of Tab for what scrolls.
 */
"use strict";

const SCROLLS =
  ".md-typeset pre > code, .md-typeset__scrollwrap, .graph";

// The theme does so too, but takes it away again where a line is just too long.
const keep = ({ target }) => {
  if (target.scrollWidth > target.clientWidth && target.tabIndex < 0)
    target.tabIndex = 0;
};
const sizes = new ResizeObserver((entries) => entries.forEach(keep));
const changes = new MutationObserver((entries) => entries.forEach(keep));

addEventListener("load", () => {
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
  document.querySelector(".md-search__scrollwrap")?.setAttribute("tabindex", "0");
  for (const one of document.querySelectorAll(SCROLLS)) {
    sizes.observe(one);
    changes.observe(one, { attributeFilter: ["tabindex"] });
  }
});
