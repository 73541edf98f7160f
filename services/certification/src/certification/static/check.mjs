// What scripts add to the pages of the public check: a place to drop the file, and the focus on a
// summary of errors. Everything works without them.
import { FileUpload } from "./govuk-file-upload-6.6.0.mjs";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const field of document.querySelectorAll('[data-module="govuk-file-upload"]')) {
  new FileUpload(field);
  const button = field.querySelector(".govuk-file-upload-button");
  // A comma that is only heard parts what is seen: WCAG 2.5.3, axe's label-content-name-mismatch.
  const comma = document.getElementById(`${button.id}-comma`);
  button.setAttribute(
    "aria-labelledby",
    button.getAttribute("aria-labelledby").replace(` ${comma.id}`, ""),
  );
  comma.remove();
}

const errors = document.querySelector('[data-module="govuk-error-summary"]');
if (errors) {
  errors.setAttribute("tabindex", "-1");
  errors.focus();
}
