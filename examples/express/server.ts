import { fileURLToPath } from 'node:url';
import express from 'express';
import { placeOrder } from './orders.ts';
import { collector, tracker } from './track.ts';

const app = express();
app.disable('x-powered-by');
app.use('/api/j', collector.express);
app.use('/assets', express.static(fileURLToPath(new URL('dist', import.meta.url))));
app.use(tracker.express); // from here on the request says whom an event is about
app.use(express.json());

app.get('/', (_request, response) => {
  response.set('Content-Security-Policy', "default-src 'self'").send(`<!doctype html>
<html lang="en">
  <title>Shop</title>
  <h1>Shop</h1>
  <p><button id="agree">You may count me</button></p>
  <p><button id="buy">Buy a lamp</button> <output id="order"></output></p>
  <script type="module" src="/assets/page.js"></script>
</html>`);
});

app.post('/orders', async (request, response) => {
  const orderId = await placeOrder(String(request.body?.product_id));
  response.status(201).json({ order_id: orderId });
});

const server = app.listen(Number(process.env.PORT ?? 4610), '127.0.0.1', (error) => {
  if (error) throw error;
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' ? address?.port : address}`);
});

process.on('SIGTERM', async () => {
  server.close();
  server.closeAllConnections();
  await collector.close({ deadlineMs: 10_000 });
});
