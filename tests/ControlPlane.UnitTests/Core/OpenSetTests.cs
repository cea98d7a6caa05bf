using System.Reflection;
using System.Text.RegularExpressions;
using ControlPlane.Core.Model;
using ControlPlane.TestCommon;
using ControlPlane.TestCommon.Lab;

namespace ControlPlane.UnitTests.Core;

/// <summary>The open sets know all their members, refuse others, and hold all that is special about a member.</summary>
public sealed partial class OpenSetTests
{
    /// <summary>The files in which a member may be named: the set itself, and defaults of settings.</summary>
    private static readonly Dictionary<string, string[]> _mayName = new()
    {
        ["KeySelector"] = ["src/ControlPlane.Core/Model/KeySelector.cs", "src/ControlPlane.Core/Model/Devmaps.cs", "src/ControlPlane.Daemon/Options/DevmapOptions.cs"],
        ["EgressTemplate"] = ["src/ControlPlane.Core/Model/EgressTemplate.cs"],
        ["TemplateParameter"] = ["src/ControlPlane.Core/Model/TemplateParameter.cs", "src/ControlPlane.Core/Model/EgressTemplates.cs"],
    };

    public static TheoryData<string> Selectors { get; } = [.. KeySelector.Set.All.Select(s => s.Name)];

    public static TheoryData<string> Templates { get; } = [.. EgressTemplate.Set.All.Select(t => t.Name)];

    [Fact]
    public void Selectors_AreAllInTheSet() => Assert.Equal(Declared<KeySelector>(), KeySelector.Set.All);

    [Fact]
    public void Templates_AreAllInTheSet() => Assert.Equal(Declared<EgressTemplate>(), EgressTemplate.Set.All);

    [Fact]
    public void Parameters_AreAllInTheList_AndEachHasATemplate()
    {
        Assert.Equal(Declared<TemplateParameter>(), TemplateParameter.All);
        Assert.All(TemplateParameter.All, p => Assert.NotEmpty(p.Templates));
    }

    [Fact]
    public void ConditionTypes_HaveEachNameOnce()
    {
        var declared = typeof(ConditionTypes).GetProperties().Where(p => p.PropertyType == typeof(ConditionType));
        Assert.Equal(declared.Select(p => p.Name).Order(), ConditionTypes.All.Select(t => t.Name).Order());
    }

    [Fact]
    public void UnknownMember_IsRefusedWithTheKnownNames()
    {
        Assert.False(KeySelector.Set.TryFind("fib", out _));
        Assert.False(KeySelector.Set.TryFind("Vlan", out _));
        Assert.False(KeySelector.Set.TryFind(null, out _));
        Assert.False(KeySelector.Set.TryFind(99, out _));
        var e = Assert.Throws<FormatException>(() => KeySelector.Set.Named("fib"));
        Assert.Equal("'fib' is not a key selector that this version knows; it knows ingressInterface, vlan, ipv4Destination", e.Message);
        Assert.Throws<FormatException>(() => EgressTemplate.Set.Named("Count"));
        Assert.False(EgressTemplate.Set.TryFind(99, out _));
        Assert.Null(TemplateParameter.Find("vlan_id"));
    }

    [Fact]
    public void MembersWithOneName_AreRefused() =>
        Assert.ThrowsAny<ArgumentException>(() => new OpenSet<KeySelector>("a key selector", KeySelector.Vlan, KeySelector.Vlan));

    [Theory]
    [MemberData(nameof(Selectors))]
    public void Selector_ReadsTheKeysThatItWrites(string name)
    {
        var selector = KeySelector.Set.Named(name);
        Assert.True(KeySelector.Set.TryFind(selector.KernelValue, out var same));
        Assert.Same(selector, same);
        foreach (var number in new[] { 0u, 7u, 4095u, uint.MaxValue })
        {
            var key = EntryKey.OfNumber(number);
            Assert.Equal(key, selector.Parse(selector.Format(key), out var error));
            Assert.Null(error);
        }

        Assert.Null(selector.Parse("", out var empty));
        Assert.Contains("key", empty, StringComparison.Ordinal);
        Assert.Null(selector.Parse("4294967296", out var large));
        Assert.Equal("a numeric key must be 0 to 4294967295", large);
    }

    [Theory]
    [MemberData(nameof(Selectors))]
    public void Selector_FindsTheKeyOfAFrameWithItsFacts(string name)
    {
        var selector = KeySelector.Set.Named(name);
        var interfaces = InterfaceTable.Empty.With(new InterfaceInfo(7, "in7"));
        var key = selector.Identify(7, interfaces);
        Assert.Null(selector.Missing(selector.FactsOf(key, interfaces)));
        var (found, kernelKey) = selector.Select(selector.FactsOf(key, interfaces), interfaces);
        Assert.Equal(ConditionTypes.KeyFound, found.Type);
        Assert.True(found.Holds);
        Assert.Equal(7u, kernelKey);
    }

    /// <summary>
    /// Code outside the set asks a member, and never asks which member it is: a switch or a comparison elsewhere would be one more
    /// place to change for a new member.
    /// </summary>
    [Fact]
    public void Member_IsNamedInTheSetOnly() => Assert.All(_mayName, rule =>
    {
        var member = new Regex($@"(?<!V1\.)\b{rule.Key}\.({string.Join('|', MembersOf(rule.Key))})\b");
        Assert.Subset(rule.Value.ToHashSet(), Sources().Where(s => member.IsMatch(s.Text)).Select(s => s.Path).ToHashSet());
    });

    [Theory]
    [MemberData(nameof(Templates))]
    public void Template_SaysOfItselfWhatItDoesToFrames(string name)
    {
        var template = EgressTemplate.Set.Named(name);
        var parameters = TestPrograms.Of(template, new MacAddress(1), new MacAddress(2), 7).Parameters;
        byte[][] frames = [Frames.Udp(default), Frames.Udp(default, tags: new VlanTag(100))];
        foreach (var frame in frames)
        {
            var leaving = template.Run(parameters, frame);
            Assert.Equal(template.DropsAll, leaving is null);
            Assert.Equal(template.AddsTag, leaving?.Length > frame.Length);
        }

        Assert.Equal(template.ChangesHeader, frames.Any(f => template.Run(parameters, f) is { } leaving && !leaving.SequenceEqual(f)));
    }

    private static IEnumerable<string> MembersOf(string set) =>
        Members(typeof(KeySelector).Assembly.GetType($"ControlPlane.Core.Model.{set}")!).Select(p => p.Name);

    private static IEnumerable<T> Declared<T>() => Members(typeof(T)).Select(p => (T)p.GetValue(null)!);

    private static IEnumerable<PropertyInfo> Members(Type set) =>
        set.GetProperties(BindingFlags.Static | BindingFlags.Public).Where(p => set.IsAssignableFrom(p.PropertyType));

    private static IEnumerable<(string Path, string Text)> Sources()
    {
        var root = Repository.PathOf("");
        return Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: Path.GetRelativePath(root, path), FullPath: path))
            .Where(f => !BuiltFolder().IsMatch(f.Path))
            .Select(f => (f.Path, CommentLine().Replace(File.ReadAllText(f.FullPath), "")));
    }

    [GeneratedRegex("/(bin|obj)/")]
    private static partial Regex BuiltFolder();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex CommentLine();
}
