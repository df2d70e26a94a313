import type { ReactNode } from 'react';
import { Tracking } from './tracking.tsx';

export default function Layout({ children }: { children: ReactNode }): ReactNode {
  return (
    <html lang="en">
      <head>
        <title>Shop</title>
      </head>
      <body>
        <Tracking>{children}</Tracking>
      </body>
    </html>
  );
}
