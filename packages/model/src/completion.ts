import { z } from 'zod';

/** What is read of a completion; everything else that providers put there is let through unread. */
export const Completion = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        error: z.unknown().optional(),
        message: z
          .object({
            /** Some providers send a list of parts. */
            content: z.union([z.string(), z.array(z.object({ type: z.string().optional(), text: z.string().optional() }))]).nullish(),
            refusal: z.string().nullish(),
            tool_calls: z
              .array(
                z.looseObject({
                  id: z.string().nullish(),
                  // Some servers give the arguments as the object itself.
                  function: z.looseObject({
                    name: z.string().min(1),
                    arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
                  }),
                }),
              )
              .nullish(),
          })
          .nullish(),
      }),
    )
    .min(1),
  usage: z.unknown().optional(),
});
export type Completion = z.infer<typeof Completion>;
export type Choice = Completion['choices'][number];

/** Text of a message; parts that are no text (thoughts, for example) are left out. */
export const contentOf = ({ message }: Choice): string => {
  const content = message?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map(({ type, text }) => (type === undefined || type === 'text' ? (text ?? '') : '')).join('');
};
