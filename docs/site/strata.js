/* SPDX-License-Identifier: MIT */
/*
 * strata.js - what the theme leaves out for readers without a mouse: names,
 * and a place in the order of Tab for what scrolls.
 */
"use strict";

const SCROLLS =
  ".md-typeset pre > code, .md-typeset__scrollwrap, .md-search__scrollwrap, .graph";

function reachable() {
  for (const one of document.querySelectorAll(SCROLLS)) {
    if (one.scrollWidth > one.clientWidth || one.matches(".md-search__scrollwrap"))
      one.tabIndex = 0;
    else
      one.removeAttribute("tabindex");
  }
}

addEventListener("load", () => {
  const search = document.querySelector(".md-search");
  if (search)
    search.setAttribute("aria-label", "Search");
  reachable();
  addEventListener("resize", reachable);
});
