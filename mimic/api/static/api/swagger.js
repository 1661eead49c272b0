"use strict";

// Tries requests out with the session of whoever is signed in; changes carry the page's token.
const place = document.getElementById("swagger");

SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const changes = !["GET", "HEAD"].includes(request.method ?? "GET");
    if (changes && new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = place.dataset.token;
    }
    return request;
  },
});
