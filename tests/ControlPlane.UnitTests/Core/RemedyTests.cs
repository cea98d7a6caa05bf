using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;

namespace ControlPlane.UnitTests.Core;

/// <summary>The calls that remedies name.</summary>
public sealed partial class RemedyTests
{
    public static TheoryData<string> Names { get; } = [.. Factories().Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Call_NamesAnOperationAndAllParametersOfItsPath(string name)
    {
        var factory = Factories().Single(m => m.Name == name);
        var call = (OperationCall)factory.Invoke(null, [.. factory.GetParameters().Select(p => p.ParameterType == typeof(JsonObject) ? new JsonObject() : (object)p.Name!)])!;
        var operation = Operations.All.Single(o => o.Id == call.Operation);
        Assert.Equal(Parameter().Matches(operation.RestPath).Select(m => m.Groups[1].Value), call.Path.Select(p => p.Name));
        Assert.DoesNotContain('{', CallText.RestPath(call));
    }

    [Fact]
    public void RestLine_EscapesNames() => Assert.Equal(
        """PUT /v1/devmaps/d/attachments/a%25b with {"mode":"native"}""", CallText.RestLine(new AttachmentWrite("d", "a%b").With("mode", "native")));

    [Fact]
    public void RestLine_OfARemedyAtAPeerInANamelessNamespace_SaysWhere() => Assert.Equal(
        "In the peer's network namespace: ethtool -K eth0 gro on",
        CallText.RestLine(AtPeer(new PeerPlace("eth0", 7))));

    [Fact]
    public void AtPeer_NamedNamespace_IsTheWholeCommand()
    {
        var peer = new PeerPlace("eth0", 7, "left");
        Assert.Equal("ip netns exec left ethtool -K eth0 gro on", CallText.RestLine(AtPeer(peer)));
        Assert.Equal(["ip -n left link set dev eth0 up"], CommonRemedies.AtPeer("Set {0} up.", "ip link set dev {0} up", peer).Commands);
    }

    [Fact]
    public void AtPeer_UnseenPeer_NamesTheIndexAndHasNoCommand()
    {
        var remedy = AtPeer(new PeerPlace(null, 7));
        Assert.Equal("In the peer's network namespace: Turn GRO on at the interface with index 7.", remedy.Summary);
        Assert.Empty(remedy.Commands);
    }

    private static Remedy AtPeer(PeerPlace peer) => CommonRemedies.AtPeer("Turn GRO on at {0}.", "ethtool -K {0} gro on", peer);

    [Fact]
    public void Call_OfAnUnknownOperation_Throws() =>
        Assert.Throws<InvalidOperationException>(() => CallText.RestLine(new OperationCall("sing", [])));

    private static MethodInfo[] Factories() => typeof(Calls).GetMethods(BindingFlags.Static | BindingFlags.Public);

    [GeneratedRegex(@"\{([a-zA-Z]+)\}")]
    private static partial Regex Parameter();
}
