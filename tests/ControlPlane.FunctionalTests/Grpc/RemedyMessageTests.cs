using System.Text.Json.Nodes;
using ControlPlane.Core.Errors;
using ControlPlane.Daemon.Api.Grpc;
using Google.Protobuf;

namespace ControlPlane.FunctionalTests.Grpc;

/// <summary>The calls of remedies as requests of gRPC.</summary>
public sealed class RemedyMessageTests
{
    [Fact]
    public void Write_CarriesItsSpec()
    {
        var request = RemedyMessages.Of(new Remedy("x", new AttachmentWrite("default", "eth0").With("mode", "generic"))).Request;
        Assert.Equal("devmapd.v1.DevmapService/PutAttachment", request.Method);
        var parsed = JsonParser.Default.Parse<Devmapd.V1.PutAttachmentRequest>(request.Body.ToString());
        Assert.Equal(("default", "eth0", Devmapd.V1.AttachMode.Generic), (parsed.Devmap, parsed.Interface, parsed.Spec.Mode));
    }

    [Fact]
    public void Write_CarriesMembersOfAllKinds()
    {
        var spec = new JsonObject { ["labels"] = new JsonObject { ["team"] = "edge" }, ["owner"] = "cni", ["promiscuous"] = "on" };
        var request = RemedyMessages.Of(new Remedy("x", new AttachmentWrite("default", "eth0", spec).With("mode", "native"))).Request;
        var parsed = JsonParser.Default.Parse<Devmapd.V1.PutAttachmentRequest>(request.Body.ToString()).Spec;
        Assert.Equal(
            ("edge", "cni", Devmapd.V1.Promiscuous.On, Devmapd.V1.AttachMode.Native), (parsed.Labels["team"], parsed.Owner, parsed.Promiscuous, parsed.Mode));
    }

    [Theory]
    [InlineData("count")]
    [InlineData(null)]
    public void Act_CarriesItsFields(string? program)
    {
        var request = RemedyMessages.Of(new Remedy("x", Calls.SetEgressProgram("eth0", program))).Request;
        Assert.Equal("devmapd.v1.ProgramService/SetEgressProgram", request.Method);
        var parsed = JsonParser.Default.Parse<Devmapd.V1.SetEgressProgramRequest>(request.Body.ToString());
        Assert.Equal(("eth0", program), (parsed.Interface, parsed.HasEgressProgram ? parsed.EgressProgram : null));
    }
}
