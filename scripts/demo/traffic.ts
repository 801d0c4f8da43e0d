/** Requests sent to a web app at a steady rate, until it is stopped. */
export interface Traffic {
  setRate(requestsPerSecond: number): void;
  stop(): void;
}

/** Begins to send requests. One that fails is not sent again. */
export function sendTraffic(url: string, requestsPerSecond: number): Traffic {
  let timer: NodeJS.Timeout | undefined;
  const traffic: Traffic = {
    setRate(rate) {
      clearInterval(timer);
      timer = setInterval(() => {
        fetch(url).then(
          (response) => response.text(),
          () => undefined,
        );
      }, 1000 / rate);
    },
    stop: () => clearInterval(timer),
  };
  traffic.setRate(requestsPerSecond);
  return traffic;
}
