import { type Answer, type ChatRequest } from '../server/chat.js';

export const isPlanning = ({ tools }: ChatRequest): boolean => tools?.some(({ function: { name } }) => name === 'submit_plan') ?? false;

export const planNext = (_request: ChatRequest): Answer => ({ kind: 'text', text: '' });
