// Draws the OpenAPI document that the page names; everything comes from this host.
const reference = document.getElementById("reference");

window.SwaggerUIBundle({
  url: reference.dataset.url,
  domNode: reference,
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
