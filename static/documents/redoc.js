// Shows one of the two documents in Redoc, by the address of the page. Nothing of it comes from, or is told to, another host.

const place = new URL('/vendor/redoc/redoc.standalone.js', location.href).href;
const { init } = await import(place);
const shown = location.pathname.startsWith('/redoc/websocket') ? '/asyncapi.json' : '/openapi.json';
init(shown, { disableTelemetry: true, router: 'hash' }, document.getElementById('viewer'));

export {};
