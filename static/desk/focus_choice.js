"use strict";
/* Which suggestion of a market is chosen before anybody asks. */
window.focusChoice = (function () {
    const isReview = (item) => item.tab === "REVIEW";

    /* The best one, unless it is weak: that takes a look first. -1 for none. */
    function preselected(item) {
        if (isReview(item)) return -1; // it is mapped; the question is whether that is right
        return item.candidates.length && item.candidates[0].band !== "weak" ? 0 : -1;
    }

    function nothingChosen(item) {
        if (isReview(item)) return "It is mapped: y says that it is right, 1 to " + Math.max(1, item.candidates.length) + " choose another market.";
        return item.candidates.length ? "Only weak suggestions: press 1 to choose one, then y to accept it or n to reject it." : "Nothing is suggested: m maps it by hand.";
    }

    return { isReview, preselected, nothingChosen };
})();
