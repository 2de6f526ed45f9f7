"use strict";
/* What is typed into a form with data-draft is kept in this tab, for the person and the address, until
   the server says that it was saved (a cookie with the draft's token) or the person discards it. A page
   that is opened anew with a draft posts it as it was: so the server draws all rows of it, and lays it
   over what somebody else may have saved meanwhile. It waits for no other script. */
document.addEventListener("DOMContentLoaded", () => {
    const page = document.querySelector("[data-desk-user]");
    if (!page) return;
    const PREFIX = "desk.draft:", SAVED = /(?:^|;\s*)desk_saved=([^;]+)/;
    const key = PREFIX + page.dataset.deskUser + ":" + location.pathname + location.search;
    const NOT_TYPED = new Set(["csrfmiddlewaretoken", "draft"]);

    function stored(name) {
        try {
            return JSON.parse(sessionStorage.getItem(name));
        } catch (error) {
            console.warn("desk: a draft cannot be read", error);
            return null;
        }
    }

    function store(draft) {
        try {
            sessionStorage.setItem(key, JSON.stringify(draft));
        } catch (error) {
            console.warn("desk: what is typed cannot be kept", error);
        }
    }

    function forgetSaved() {
        const saved = document.cookie.match(SAVED);
        if (!saved) return;
        for (const name of Object.keys(sessionStorage)) {
            if (name.startsWith(PREFIX) && (stored(name) || {}).token === saved[1]) sessionStorage.removeItem(name);
        }
    }

    forgetSaved();
    const form = page.querySelector("form[data-draft]");
    if (!form) return;

    const entries = () => [...new FormData(form)].filter(([name, value]) => !NOT_TYPED.has(name) && typeof value === "string");
    const asOpened = JSON.stringify(entries());
    const draft = stored(key) || { token: Date.now().toString(36) + Math.random().toString(36).slice(2) };
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "draft";
    field.value = draft.token;
    form.append(field);

    function keep() {
        Object.assign(draft, { at: Date.now(), entries: entries() });
        store(draft);
    }

    function postAgain() {
        const again = document.createElement("form");
        again.method = "post";
        again.hidden = true;
        const token = form.elements.csrfmiddlewaretoken.value;
        for (const [name, value] of [...draft.entries, ["csrfmiddlewaretoken", token], ["draft", draft.token], [form.dataset.draft, "restore"]]) {
            const input = document.createElement("textarea"); // keeps line ends and blanks as they are
            input.name = name;
            input.value = value;
            again.append(input);
        }
        document.body.append(again);
        again.submit();
    }

    function tellBack() {
        const at = new Intl.DateTimeFormat("en-GB", { timeZone: "Africa/Lagos", hour: "2-digit", minute: "2-digit" }).format(draft.at);
        const banner = document.createElement("div"), words = document.createElement("p"), button = document.createElement("button");
        banner.className = "desk-banner desk-info desk-draft";
        banner.setAttribute("role", "status");
        words.textContent = "Your unsaved text of " + at + " WAT is back in the form.";
        button.type = "button";
        button.className = "desk-button";
        button.textContent = "Discard it";
        button.addEventListener("click", () => {
            sessionStorage.removeItem(key);
            location.assign(location.pathname + location.search);
        });
        banner.append(words, button);
        page.prepend(banner);
        for (const part of form.querySelectorAll("details")) part.open = true; // all of it is to be seen
    }

    if (draft.entries && !("posted" in form.dataset)) {
        if (JSON.stringify(draft.entries) !== asOpened) {
            store({ ...draft, isBack: true });
            postAgain();
            return;
        }
        sessionStorage.removeItem(key);
    } else if (draft.entries) {
        if (draft.isBack) tellBack();
        Object.assign(draft, { isBack: false, entries: entries() }); // as the server has laid it over what is stored
        store(draft);
    }

    for (const what of ["input", "change"]) form.addEventListener(what, keep);
    form.addEventListener("submit", () => {
        keep();
        // Signing in again, in another tab, made the form's own token worthless.
        const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
        if (cookie) form.elements.csrfmiddlewaretoken.value = cookie[1];
    });
});
