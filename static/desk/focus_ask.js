"use strict";
/* How focus mode talks to the server: answers are JSON, what is sent goes one after the other, and what keeps
   an answer away is an Error in words. isOpen: whether it was carried out is not known. */
window.focusAsk = function (root) {
    let sending = Promise.resolve();

    async function ask(url, options) {
        const sent = fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
        const answer = await sent.catch(() => { throw Object.assign(new Error("The desk cannot be reached. Decide again when it is back: what it has saved already is not saved twice."), { isOpen: true }); });
        const isJson = (answer.headers.get("content-type") || "").includes("json");
        if (!isJson) throw new Error(answer.redirected || answer.status === 403 ? "You are signed out, or may not do this." : "The desk answered " + answer.status + ".");
        const data = await answer.json();
        return { ok: answer.ok, status: answer.status, data };
    }

    /* Something to be looked at; waits for no decision. */
    function look(url, body) {
        // The cookie's, where there is one: signing in again, in another tab, made the form's worthless.
        const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
        const token = cookie ? cookie[1] : root.querySelector("[name=csrfmiddlewaretoken]").value;
        return ask(url, { method: "POST", body: JSON.stringify(body), headers: { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": token } });
    }

    function post(url, body) {
        const send = () => look(url, body);
        const answer = sending.then(send, send); // in order, whatever became of the one before
        sending = answer.catch(() => null);
        return answer;
    }

    /* When all that was posted so far has its answer. */
    const settled = () => sending;

    return { ask, look, post, settled };
};
