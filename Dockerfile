# Tranalyzer in a container: built in one stage, without a compiler and without root's rights in the other.
#
#   docker build -t tranalyzer . && docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" tranalyzer -r capture.pcap
#
# --user: the flow file in /data belongs to the user who runs it; without it, to the user of the image, who may not write in folders of others.
# A live capture needs --network host --cap-add NET_RAW --user 0; the program gives root's rights up once it listens.
FROM debian:bookworm-slim AS build
COPY . /src
RUN /src/scripts/setup build sinks packages && /src/scripts/package -o /packages

FROM debian:bookworm-slim
COPY --from=build /packages /packages
RUN apt-get -q update && apt-get -q -y --no-install-recommends install /packages/tranalyzer_*.deb /packages/tranalyzer-plugin*.deb nfdump && \
    rm -rf /packages /var/lib/apt/lists/* && useradd --system --create-home tranalyzer
USER tranalyzer
WORKDIR /data
ENTRYPOINT ["t2"]
CMD ["--help"]
