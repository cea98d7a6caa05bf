using ControlPlane.Daemon;
using ControlPlane.Daemon.Cli;
using ControlPlane.Daemon.Options;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ControlPlane.FunctionalTests.Hosting;

/// <summary>
/// The whole daemon on the simulated kernel, its pipeline behind a server in memory: for what does not depend on sockets. The
/// daemon builds itself, since it reads its arguments strictly and would refuse those of the factory.
/// </summary>
public sealed class InMemoryDaemon : IDisposable
{
    private readonly Factory _factory = new();

    /// <summary>A client of the daemon, which is started at the first.</summary>
    public HttpClient CreateClient() => _factory.CreateClient();

    public void Dispose() => _factory.Dispose();

    private sealed class Factory : WebApplicationFactory<ControlPlaneOptions>
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("devmapd-memory-").FullName;

        protected override IHostBuilder CreateHostBuilder() => new HostBuilder();

        protected override IHost CreateHost(IHostBuilder builder)
        {
            var app = Program.Build(
                CommandLine.Parse([
                    "--simulate", $"--ControlPlane:StateDirectory={_folder}/state", $"--ControlPlane:PinRoot={_folder}/pins",
                    "--ControlPlane:Listen:Rest=http://127.0.0.1:0", "--ControlPlane:Listen:Grpc=http://127.0.0.1:0",
                    "--ControlPlane:Listen:UnixSocket=", "--Serilog:MinimumLevel:Default=Fatal",
                ]).Arguments,
                services => services.AddSingleton<IServer, TestServer>().AddSingleton<IStartupFilter, TestIdentity>());
            app.Start();
            return app;
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && Directory.Exists(_folder))
                Directory.Delete(_folder, recursive: true);
        }
    }
}
