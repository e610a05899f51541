/** The queue's max_retries is 100, and a message past it is treated as one that crashes its consumer. */
const MAX_DELIVERIES = 90;

/**
 * Have a message delivered again after a delay. A message that was delivered too often is acknowledged instead: the work that
 * it announced is in D1 or in the inbox, and maintenance finds it there.
 * @returns whether it will be delivered again.
 */
export function deliverAgain(message: Message, delaySeconds: number): boolean {
  if (message.attempts >= MAX_DELIVERIES) {
    message.ack();
    return false;
  }
  message.retry({ delaySeconds });
  return true;
}
