# The command in an image:
#   docker build -t fivenines .
#   docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/work" fivenines run shop.toml
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo install --locked --path . --root /out

FROM debian:bookworm-slim
COPY --from=build /out/bin/fivenines /usr/local/bin/fivenines
COPY --from=build /src/LICENSE-MIT /src/LICENSE-APACHE /usr/share/doc/fivenines/
WORKDIR /work
ENTRYPOINT ["fivenines"]
CMD ["--help"]
