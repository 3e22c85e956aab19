import { ArgumentError } from '@heddle/common';
import { expect } from 'chai';
import { FileSystemRegistry, LocalFileSystem, UnknownSchemeError } from '../src/index.js';

describe('FileSystemRegistry', () => {
  const local = new LocalFileSystem();
  const registry = new FileSystemRegistry({ fileSystem: local, workingDirectory: '/work dir' });
  const pathOf = (path: string): string => registry.resolve(path).path;

  it('takes plain paths relative to the working directory', () => {
    expect(pathOf('data/a.txt')).to.equal('/work dir/data/a.txt');
    expect(pathOf('./data//a.txt')).to.equal('/work dir/data/a.txt');
    expect(pathOf('../a.txt')).to.equal('/a.txt');
    expect(pathOf('.')).to.equal('/work dir');
    expect(pathOf('/data/')).to.equal('/data');
    expect(pathOf('/')).to.equal('/');
    expect(registry.resolve('data').fileSystem).to.equal(local);
  });

  it('takes file URIs in all spellings, on the same file system', () => {
    for (const uri of [
      'file:///data/a',
      'file:/data/a',
      'file://localhost/data/a',
      'FILE:///data/a',
    ]) {
      expect(registry.resolve(uri)).to.deep.equal({ fileSystem: local, path: '/data/a' });
    }
    expect(registry.qualify('data')).to.equal('file:///work dir/data');
  });

  it('decodes nothing: percent signs, colons and question marks are part of names', () => {
    expect(pathOf('/a%20b')).to.equal('/a%20b');
    expect(pathOf('file:///a%20b?c#d')).to.equal('/a%20b?c#d');
    expect(pathOf('12:30 report')).to.equal('/work dir/12:30 report');
    expect(pathOf('a:b')).to.equal('/work dir/a:b');
  });

  it('refuses an unknown scheme and says which ones it knows', () => {
    expect(() => registry.resolve('s3a://bucket/key'))
      .to.throw(
        UnknownSchemeError,
        'no file system for scheme "s3a" of s3a://bucket/key: known are file',
      )
      .with.property('code', 'UNKNOWN_SCHEME');
  });

  it('refuses empty paths, zero bytes and hosts of local files', () => {
    expect(() => registry.resolve('')).to.throw(ArgumentError);
    expect(() => registry.resolve('a\0b')).to.throw(ArgumentError);
    expect(() => registry.resolve('file://data/a.txt')).to.throw(ArgumentError, 'three slashes');
  });

  it('makes one file system for each authority of a registered scheme', () => {
    const made: string[] = [];
    const own = new FileSystemRegistry();
    own.register('webhdfs', (authority) => {
      made.push(authority);
      return new LocalFileSystem();
    });
    const first = own.resolve('webhdfs://nn1:9870/a');
    expect(own.resolve('webhdfs://nn1:9870/b').fileSystem).to.equal(first.fileSystem);
    expect(own.resolve('webhdfs://nn2:9870/a').fileSystem).not.to.equal(first.fileSystem);
    expect(made).to.deep.equal(['nn1:9870', 'nn2:9870']);
    expect(first.path).to.equal('/a');
  });

  it('keeps the working directory literal in a pattern', () => {
    const odd = new FileSystemRegistry({ fileSystem: local, workingDirectory: '/a[1]/{b}' });
    expect(odd.resolvePattern('*.txt').path).to.equal('/a\\[1\\]/\\{b\\}/*.txt');
    expect(odd.resolvePattern('/x/*.txt').path).to.equal('/x/*.txt');
  });
});
