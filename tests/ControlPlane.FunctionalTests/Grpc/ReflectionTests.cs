using Google.Protobuf.Reflection;
using Grpc.Reflection.V1;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>A client that knows nothing learns the contract from the daemon.</summary>
public sealed class ReflectionTests : IAsyncLifetime
{
    private GrpcDaemon _daemon = null!;

    public async Task InitializeAsync() => _daemon = await GrpcDaemon.StartAsync();

    public Task DisposeAsync() => _daemon.DisposeAsync().AsTask();

    [Fact]
    public async Task ListServices_NamesEveryService()
    {
        var answer = await AskAsync(new() { ListServices = "" });

        Assert.Equal(
            [
                "devmapd.v1.ChangeService", "devmapd.v1.DevmapService", "devmapd.v1.HostService", "devmapd.v1.LeaseService", "devmapd.v1.ProgramService", "devmapd.v1.StateService", "devmapd.v1.TokenService",
                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            ],
            answer.ListServicesResponse.Service.Select(s => s.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("devmapd.v1.DevmapService", "PutEntry")]
    [InlineData("devmapd.v1.ProgramService", "PutProgram")]
    [InlineData("devmapd.v1.LeaseService", "KeepAliveStream")]
    [InlineData("devmapd.v1.TokenService", "CreateToken")]
    [InlineData("devmapd.v1.HostService", "GetHost")]
    public async Task FileContainingSymbol_HasTheServiceAndAllItNeeds(string service, string method)
    {
        var answer = await AskAsync(new() { FileContainingSymbol = service });

        var files = answer.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom).ToList();
        var names = files.Select(f => f.Name).ToHashSet();
        Assert.Contains(files, f => f.Service.Any(s => $"{f.Package}.{s.Name}" == service && s.Method.Any(m => m.Name == method)));
        Assert.All(files.SelectMany(f => f.Dependency), dependency => Assert.Contains(dependency, names));
    }

    private async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest request)
    {
        using var call = new ServerReflection.ServerReflectionClient(_daemon.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(request);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
        return call.ResponseStream.Current;
    }
}
