import { z } from 'zod';

/** A whole number, 0 when it is not given; toxiproxy has 64 bits for it, of which JSON can hold 53. */
export const whole = () => z.int().min(0).default(0);

/** 32-bit milliseconds are what a timer can wait: 24 days. */
export const milliseconds = () =>
  z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0);

export const share = () => z.number().min(0).max(1).default(1);
