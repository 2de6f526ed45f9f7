"use strict";
/* The small parts of focus mode's pages: elements, figures, times. Everything is set as text, never as HTML:
   names come from bookmakers. */
window.focusParts = (function () {
    function make(tag, className, ...children) {
        const element = document.createElement(tag);
        if (className) element.className = className;
        element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
        return element;
    }

    function number(value, digits = 2) {
        return value === null || value === undefined ? "–" : Number(value).toFixed(digits);
    }

    /* With two decimals at least, so that columns line up: 3 is "3.00", 1.125 stays. */
    function price(value) {
        if (value === null || value === undefined || value === "") return "–";
        const [whole, rest = ""] = String(value).split(".");
        return /^\d+$/.test(whole) && /^\d*$/.test(rest) ? whole + "." + rest.padEnd(2, "0") : String(value);
    }

    /* live.js keeps counting it. kind: "kickoff" says so, and that it is over rather than since when. */
    function age(at, kind = "") {
        if (!at) return document.createTextNode("–");
        const time = make("time");
        time.dateTime = at;
        time.dataset.age = kind;
        time.textContent = window.deskAge ? window.deskAge(at, kind) : "";
        return time;
    }

    function fact(label, value) {
        return make("span", "", label + " ", make("b", "", value));
    }

    function counted(count, word) {
        return Number(count).toLocaleString("en-GB") + " " + word + (count === 1 ? "" : "s");
    }

    /* The sidebar's number, as the server has it now. */
    function waiting(data) {
        if (typeof data.waiting === "string") document.dispatchEvent(new CustomEvent("desk:waiting", { detail: data.waiting }));
    }

    return { waiting, make, number, price, age, fact, counted };
})();
