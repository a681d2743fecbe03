// Rooms on Socket.IO for Node: server.js PORT

const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });

// The request that opened a socket is kept in memory as long as the socket otherwise.
io.engine.on("connection", (socket) => {
  socket.request = null;
});

io.on("connection", (socket) => {
  socket.on("join", (room, acknowledge) => {
    socket.join(room);
    acknowledge("ok");
  });
  socket.on("message", (said, acknowledge) => {
    io.to(said.room).emit("message", { ...said, author: socket.id, created_at: Date.now() });
    acknowledge("ok");
  });
});

http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
