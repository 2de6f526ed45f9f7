"use strict";
/* How long the rest of a sitting takes, from the pace of its last decisions. A break is no pace. */
window.focusPace = function () {
    const LAST = 10, FEWEST = 5, BREAK = 120000, LONGEST = 8 * 60;
    const spans = []; // milliseconds a market
    let before = null;

    /* count markets were decided at this moment (ms). */
    function decided(count, at = Date.now()) {
        if (before !== null && at - before < BREAK) spans.push((at - before) / count);
        before = at;
    }

    /* In words, for so many markets; "" while too little is known, and where the answer would help nobody. */
    function left(count) {
        if (spans.length < FEWEST || !count) return "";
        const last = spans.slice(-LAST).sort((a, b) => a - b);
        const middle = last.length >> 1;
        const median = last.length % 2 ? last[middle] : (last[middle - 1] + last[middle]) / 2;
        const minutes = (median * count) / 60000;
        if (minutes > LONGEST) return "";
        if (minutes > 90) return "about " + Math.round(minutes / 60) + " h left";
        return minutes < 1 ? "under a minute left" : "about " + Math.round(minutes) + " min left";
    }

    return { decided, left };
};
