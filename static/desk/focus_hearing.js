"use strict";
/* When a key that decides comes too early to be about what is on the page. */
window.focusHearing = function () {
    const QUIET = 600, SEEN = 250; // nobody decides in a quarter of a second about what has just come
    const busy = new Set(); // what runs that the next key depends on, in words
    let quietUntil = 0, seenFrom = 0, timer = null;

    /* Another market is shown: what is pressed in that moment was meant for the one before. */
    function came() {
        const shown = document.querySelector("[data-item]");
        seenFrom = performance.now() + SEEN;
        clearTimeout(timer);
        delete shown.dataset.heard;
        timer = setTimeout(() => { shown.dataset.heard = ""; }, SEEN);
    }

    /* A market has come back unasked; from here on it has to be quiet for a while. */
    function cameBack() {
        quietUntil = performance.now() + QUIET;
    }

    /* Why a key is not taken now; "" where it is. */
    function tooEarly(isLoading) {
        const now = performance.now(), isBack = now < quietUntil;
        if (isBack) cameBack();
        return [...busy][0] || (isLoading ? "The market is still loading" : isBack ? "A market has come back" : now < seenFrom ? "This market has just come" : "");
    }

    return { busy, came, cameBack, tooEarly };
};
