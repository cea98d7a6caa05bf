using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Daemon.Hosting;
using ControlPlane.Daemon.Options;
using Microsoft.Extensions.Time.Testing;

namespace ControlPlane.UnitTests.Hosting;

public sealed class AdmissionTests
{
    private static readonly CallerAccount _a = CallerAccount.OfAddress("192.0.2.1"), _b = CallerAccount.OfAddress("192.0.2.2"), _root = CallerAccount.OfUser(0);
    private static readonly Caller _rootCaller = new("unix") { Peer = new UnixPeer(0, 0, 1, [], null) };

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Connection_BeyondTheLimitOfItsCaller_ReplacesTheOneIdleForLongest()
    {
        var admission = Connections(inAll: 10, perCaller: 2);
        var first = Admit(admission, _a);
        var second = Admit(admission, _a);
        var other = Admit(admission, _b);
        Use(first); // so the second is idle for longer

        Assert.False(Admit(admission, _a).IsReserved);

        Assert.Equal((1, 3), (admission.Evicted, admission.Open));
        second.Release(); // its place is another's by now
        Assert.Equal(3, admission.Open);
        first.Release();
        other.Release();
        Assert.Equal(1, admission.Open);
    }

    [Fact]
    public void Connection_BeyondTheLimitOfAll_ReplacesOneOfTheCallerWithTheMost()
    {
        var admission = Connections(inAll: 4, perCaller: 3);
        var early = Admit(admission, _b);
        for (var i = 0; i < 3; i++)
            Admit(admission, _a);

        Assert.False(Admit(admission, _b).IsReserved);

        Assert.Equal((1, 4), (admission.Evicted, admission.Open));
        early.Release(); // it was idle for longest, and is there still
        Assert.Equal(3, admission.Open);
    }

    [Theory]
    [InlineData(10, 2, true)]
    [InlineData(2, 10, false)]
    public void Connection_WithoutRoomAndWithoutIdleOnes_IsReserved(int inAll, int perCaller, bool ofCaller)
    {
        var admission = Connections(inAll, perCaller);
        Admit(admission, _a).Begin();
        var busy = Admit(admission, _a);
        busy.Begin();

        var reserved = Admit(admission, _a);

        Assert.Equal((true, ofCaller), (reserved.IsReserved, reserved.IsFullOfCaller));
        Assert.Equal(ofCaller ? (0, 1) : (1, 0), (admission.Refused.InAll, admission.Refused.OfCaller));
        busy.Finish();
        Assert.False(Admit(admission, _a).IsReserved);
    }

    [Fact]
    public void ReservedPlaces_AreNeverTakenForLong()
    {
        var admission = Connections(inAll: 1, perCaller: 1);
        Admit(admission, _a).Begin();
        for (var i = 0; i < ConnectionAdmission.ForHealth; i++)
            Admit(admission, _b).Begin();

        Assert.Null(admission.Admit(_b, isRoot: false));

        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(Admit(admission, _b).IsReserved);
        Assert.Equal(1 + ConnectionAdmission.ForHealth, admission.Open);
    }

    [Fact]
    public void Root_HasConnectionsBeyondTheLimitOfAll()
    {
        var admission = Connections(inAll: 1, perCaller: 100);
        Admit(admission, _a).Begin();
        Assert.True(Admit(admission, _b).IsReserved);
        for (var i = 0; i < ConnectionAdmission.ForRoot; i++)
        {
            var place = admission.Admit(_root, isRoot: true)!;
            place.Begin();
            Assert.False(place.IsReserved);
        }

        Assert.True(admission.Admit(_root, isRoot: true)!.IsReserved);
    }

    [Fact]
    public void Streams_HaveLimits_AndReservedPlacesForRoot()
    {
        var streams = new StreamAdmission(new LimitsOptions { Streams = 2, StreamsPerCaller = 1 });
        var first = Begin(streams, Token("a"));
        Assert.Contains("token a", Refusal(streams, Token("a")).Detail, StringComparison.Ordinal);
        using var second = Begin(streams, Token("b"));
        Assert.Equal(ErrorCode.TooManyStreams, Refusal(streams, Token("c")).Code);
        using var root = Begin(streams, _rootCaller);
        Assert.Equal((3, 1, 1), (streams.Open, streams.Refused.InAll, streams.Refused.OfCaller));

        root.Dispose();
        first.Dispose();
        first.Dispose();
        Assert.Equal(1, streams.Open);
        using var again = Begin(streams, Token("a"));
    }

    private static Caller Token(string name) => new("127.0.0.1:1") { Token = name };

    private static IDisposable Begin(StreamAdmission streams, Caller caller)
    {
        Assert.True(streams.TryBegin(caller, out var stream, out _));
        return stream;
    }

    private static Error Refusal(StreamAdmission streams, Caller caller)
    {
        Assert.False(streams.TryBegin(caller, out _, out var refusal));
        return refusal;
    }

    private ConnectionAdmission Connections(int inAll, int perCaller) =>
        new(new LimitsOptions { Connections = inAll, ConnectionsPerCaller = perCaller }, _time);

    private ConnectionPlace Admit(ConnectionAdmission admission, CallerAccount account)
    {
        _time.Advance(TimeSpan.FromMilliseconds(1));
        return admission.Admit(account, isRoot: false)!;
    }

    private void Use(ConnectionPlace place)
    {
        place.Begin();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        place.Finish();
    }
}
