export { type NatsAccess, urlOf } from './access.js';
export { Messaging, type RequestOptions } from './messaging.js';
export { MessagingModule, type MessagingModuleOptions } from './messaging.module.js';
export { Handles, type Handler } from './handles.js';
export { checkHandlers } from './handler-check.js';
export { connectMicroservice, createService, type ServiceOptions } from './create-service.js';
export { JournalReader } from './journal/reader.js';
export { JournalStreams } from './journal/streams.js';
export { JournalWriter, type JournalRefusal } from './journal/writer.js';
