import { type PipeTransform } from '@nestjs/common';
import { type z } from 'zod';
import { parse } from '../shapes/faults.js';

/** Parses a part of a request; `root` names it in errors where no field does. */
export const zodPipe = <S extends z.ZodType>(schema: S, root: string): PipeTransform<unknown, z.output<S>> => ({
  transform: (value) => parse(schema, value, root),
});
