// Shows the OpenAPI document in Swagger UI. Nothing of it comes from, or is told to, another host.

/** @type {any} */ (globalThis).SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#viewer',
  deepLinking: true,
  displayOperationId: true,
  validatorUrl: null,
});
