// Sends the form_post response without waiting for its button. A field named "submit" would hide form.submit.
HTMLFormElement.prototype.submit.call(document.getElementById("form-post"));
