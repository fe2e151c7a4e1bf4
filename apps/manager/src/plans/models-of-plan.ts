import { type Plan, callsModel, definitionsOf } from '@apwa/contracts';

/** The models that a plan's steps call. `standard`: where a step names none. */
export const modelsOfPlan = ({ steps, capabilities }: Plan, standard: string): string[] => [
  ...definitionsOf(capabilities).flatMap((one) => (one.kind === 'template' && one.model !== undefined ? [one.model] : [])),
  ...steps.flatMap((step) => {
    if (step.kind === 'reduce') return [step.template.model ?? standard];
    if (step.kind !== 'map' || !callsModel(step.template)) return [];
    const { model, replicas } = step.template;
    const judge = replicas?.combine === 'judge' ? replicas.judge.model : undefined;
    return [model ?? standard, ...(judge === undefined ? [] : [judge])];
  }),
];
