"use strict";
/* What accepting a suggestion would do, known before the key is pressed: candidate.preview is the server's
   answer, candidate.check its gist ({canSave, needsReason, why}). Asked once for each pairing. */
window.focusChecks = function (look, url, onChecked) {
    const texts = (candidate) => Object.fromEntries(candidate.pairing.filter((pair) => pair.text).map((pair) => [pair.canonicalId, pair.text]));

    function preview(item, candidate) {
        return look(url, { id: item.id, betpawaId: candidate.betpawaId, canonicalId: candidate.canonicalId, outcomeTexts: texts(candidate) });
    }

    function check(item, candidate) {
        if (candidate.checking) return candidate.checking;
        const checking = preview(item, candidate)
            .then(({ data }) => {
                if (candidate.checking !== checking) return; // its pairing was changed meanwhile
                candidate.preview = data;
                candidate.check = data.check || { canSave: false, needsReason: false, why: data.detail };
                onChecked(item);
            })
            .catch((error) => {
                if (candidate.checking === checking) candidate.checking = null;
                throw error;
            });
        candidate.checking = checking;
        return checking;
    }

    function forget(candidate) {
        candidate.checking = candidate.check = candidate.preview = null;
    }

    return { texts, preview, check, forget };
};
